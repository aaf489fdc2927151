"""What a testimony is. Pure: no keys, no network, no screen."""
