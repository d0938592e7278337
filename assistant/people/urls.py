"""The addresses of pages for people who are on their way in."""

from django.urls import path

from assistant.people import views

urlpatterns = [
    path("admin/password/", views.ForgottenPassword.as_view(), name="admin_password_reset"),
    path("admin/password/sent/", views.ResetSent.as_view(), name="admin_password_reset_done"),
    path("admin/password/<uidb64>/<token>/", views.NewPassword.as_view(), name="password_reset_confirm"),
    path("admin/invitation/<uidb64>/<token>/", views.AcceptInvitation.as_view(), name="invitation"),
]
