"""The code of the secret validator Lambda, carried by the wheel so that `build` can inline it."""
