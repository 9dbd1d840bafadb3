"""Puts a measured table into its block of docs/performance.md."""

from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def publish(name: str, body: str) -> None:
    """Replace the block `<!-- measured: NAME -->`; the page's other blocks stay as they are."""
    page = PAGE.read_text()
    marker = f"<!-- measured: {name} -->"
    if marker not in page:
        raise SystemExit(f"{PAGE} has no block {marker}")
    before, _, rest = page.partition(marker)
    after = rest.partition("<!-- /measured -->")[2]
    PAGE.write_text(f"{before}{marker}\n\n{body}\n\n<!-- /measured -->{after}")
