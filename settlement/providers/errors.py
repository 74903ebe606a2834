"""What can go wrong with a provider, split by what the caller does next.

::

    ProviderError
    |-- ProviderUnreachable   retry: nothing is known of the call, it may have been carried out;
    |                         every call carries an idempotency key, so it is asked for again
    `-- ProviderMisused       a bug or a wrong setting: the provider did not accept how we ask, or
                              we cannot read its answer; alarm, and try again slowly
    WebhookError
    |-- InvalidSignature      not from the provider, too old, or from the future: refuse
    `-- UnreadableEvent       signed by the provider, and not as documented: keep it, alarm

A provider that understood and says no (a declined card, nothing left to refund) is not an error
but an outcome: `protocol.Refused`.
"""


class ProviderError(Exception):
    """Root. ``provider``: its name; the message holds no secret and no personal data."""

    def __init__(self, provider: str, message: str) -> None:
        super().__init__(f"{provider}: {message}")
        self.provider = provider


class ProviderUnreachable(ProviderError):
    """No answer, or one that says nothing: ask again with the same idempotency key."""


class ProviderMisused(ProviderError):
    """Our request or the provider's answer was not understood."""


class WebhookError(Exception):
    """Root of what is wrong with a webhook."""


class InvalidSignature(WebhookError):
    """The body is not from the provider, or not from now."""


class UnreadableEvent(WebhookError):
    """The provider signed something that we cannot read."""
