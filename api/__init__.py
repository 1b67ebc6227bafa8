"""What people touch: routes, read model, live stream, identity vault, the console."""
