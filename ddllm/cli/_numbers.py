"""Numbers as people read them."""


def count(value: float) -> str:
    """Write a number of things, shortened from ten thousand on."""
    for limit, divisor, unit in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if value >= limit:
            return f"{value / divisor:.1f}{unit}"
    return f"{value:.0f}"


def things(value: float, noun: str, plural: str = "") -> str:
    """Write a number of things with their noun, in the plural where it is not one."""
    number = count(value)
    return f"{number} {noun if number == '1' else plural or f'{noun}s'}"


def dollars(value: float) -> str:
    """Write an amount, with the digits that a small one needs."""
    if value == 0 or value >= 1:
        return f"${value:,.2f}"
    return f"${value:.4f}" if value >= 0.0001 else "<$0.0001"  # noqa: PLR2004 - the last digit that is shown


def duration(seconds: float) -> str:
    """Write a length of time in the unit that suits it."""
    for length, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:.1f} s"
