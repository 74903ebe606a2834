"""The measuring instruments, tested: they count, parse, pay and write what they say."""
