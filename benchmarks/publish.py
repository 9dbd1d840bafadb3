"""Puts a measured table into its block of a page of docs/."""

from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def publish(name: str, body: str, page_name: str = "performance.md") -> None:
    """Replace the block `<!-- measured: NAME -->`; the page's other blocks stay as they are."""
    path = DOCS / page_name
    page = path.read_text()
    marker = f"<!-- measured: {name} -->"
    if marker not in page:
        raise SystemExit(f"{path} has no block {marker}")
    before, _, rest = page.partition(marker)
    after = rest.partition("<!-- /measured -->")[2]
    path.write_text(f"{before}{marker}\n\n{body}\n\n<!-- /measured -->{after}")
