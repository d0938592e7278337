"""Pictures of the chat, the widget and the admin, taken of a desk that is started for them."""
