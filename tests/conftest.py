"""What holds for every test."""

from hypothesis import settings

# How long an example takes depends on what else the machine does; pytest-timeout bounds the whole test.
settings.register_profile("octra", deadline=None)
settings.load_profile("octra")
