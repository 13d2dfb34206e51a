class SandboxError(Exception):
    """An error that a person can correct; its message is one line."""

    #: What the failing tool printed, to be shown above the message.
    output: str

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output
