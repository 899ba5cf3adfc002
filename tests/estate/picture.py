"""`python -m tests.estate.picture`: the README's picture, taken of the demo's own report."""

from tests.browser import browser
from tests.estate.demo import TOP


def main() -> None:
    with browser() as page:
        page.open((TOP / "demo" / "report" / "report.html").as_uri(), 1280, 960)
        page.picture(TOP / "docs" / "report.png", whole=False)


if __name__ == "__main__":
    main()
