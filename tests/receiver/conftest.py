"""What the tests of the receiver share."""

from tests.receiver.cloud_kit import cloud

__all__ = ["cloud"]
