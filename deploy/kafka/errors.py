"""What can go wrong between us and a broker of our own."""


class BrokerError(Exception):
    """A broker cannot be had, started or stopped; the text says why and what to do."""


class ToolMissingError(BrokerError):
    """Java or Maven is not here, or the jars cannot be fetched: nothing of ours is broken."""
