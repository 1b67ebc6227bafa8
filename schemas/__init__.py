"""What travels: frozen events, topic registry, catalogue, regions, envelope, contracts."""
