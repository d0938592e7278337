"""A provider that ships: the three real wires over a real socket, without a model behind them."""
