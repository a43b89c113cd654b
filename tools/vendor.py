"""Bring the browser files of other projects into the package: `python tools/vendor.py`, run by a maintainer.

A page of Farthing loads nothing from another host, and installing Farthing needs no Node. So the few files we use are
copied here, at an exact version, with their licenses and their SHA-384, which `tests/test_vendored.py` checks.
To move to a new version: change the number below, run this (it needs `npm`), look at the pages, commit what it wrote.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "src" / "farthing" / "web" / "static" / "vendor"


@dataclass(frozen=True, slots=True)
class Package:
    """One npm package: `files` maps a path inside it to the name the file gets here; `make` writes what is composed."""

    npm: str
    name: str
    version: str
    files: dict[str, str]
    make: Callable[[Path, Path], None] | None = None

    @property
    def folder(self) -> str:
        return f"{self.name}-{self.version}"


ICONS = """
archive arrow-down arrow-left arrow-right arrow-up ban banknote bell book-open box braces chart-line check chevron-down
chevron-left chevron-right chevrons-up-down circle-alert circle-check circle-dashed circle-dot circle-help circle-x
clock copy credit-card download ellipsis external-link eye file-text flask-conical gift globe hourglass house inbox info
key-round landmark layers list-checks lock log-out mail menu monitor moon package plus receipt receipt-text refresh-cw
repeat rotate-ccw scale search send settings shield-check shopping-bag shopping-cart sliders-horizontal store sun tag
terminal trash-2 triangle-alert truck undo-2 user users wallet webhook x zap
""".split()

FONT_SUBSETS = ("latin-ext", "latin")


def write_sprite(package: Path, target: Path) -> None:
    symbols = [_symbol(name, (package / "icons" / f"{name}.svg").read_text(encoding="utf-8")) for name in ICONS]
    body = "\n".join(symbols)
    (target / "icons.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n', encoding="utf-8")


def _symbol(name: str, svg: str) -> str:
    found = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)
    assert found, f"{name}.svg is not an SVG as Lucide writes them"
    shapes = "".join(line.strip() for line in found[1].splitlines())
    stroke = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" viewBox="0 0 24 24" {stroke}>{shapes}</symbol>'


def write_font_face(package: Path, target: Path) -> None:
    faces = re.findall(r"/\* (\S+) \*/\n(@font-face \{.*?\n\})", (package / "wght.css").read_text(), re.DOTALL)
    kept = [css for name, css in faces if name in {f"inter-{subset}-wght-normal" for subset in FONT_SUBSETS}]
    assert len(kept) == len(FONT_SUBSETS), "the package names its subsets otherwise than before"
    (target / "inter.css").write_text("\n".join(kept).replace("./files/", "./") + "\n", encoding="utf-8")


PACKAGES = (
    Package("htmx.org", "htmx", "4.0.1", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE"}),
    Package(
        "basecoat-css",
        "basecoat",
        "1.0.2",
        {
            "dist/basecoat.cdn.min.css": "basecoat.min.css",
            "dist/js/all.min.js": "basecoat.min.js",
            "LICENSE.md": "LICENSE",
        },
    ),
    Package("lucide-static", "lucide", "1.62.0", {"LICENSE": "LICENSE"}, make=write_sprite),
    Package(
        "@fontsource-variable/inter",
        "inter",
        "5.3.0",
        {f"files/inter-{subset}-wght-normal.woff2": f"inter-{subset}-wght-normal.woff2" for subset in FONT_SUBSETS}
        | {"LICENSE": "LICENSE"},
        make=write_font_face,
    ),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        unpacked = {package.name: _unpack(package, Path(scratch)) for package in PACKAGES}
        shutil.rmtree(STATIC, ignore_errors=True)
        for package in PACKAGES:
            _copy(package, unpacked[package.name], STATIC / package.folder)
            print(f"{package.folder}: {', '.join(sorted(f.name for f in (STATIC / package.folder).iterdir()))}")
    (STATIC / "HASHES.txt").write_text("".join(f"{line}\n" for line in hashes()), encoding="utf-8")


def _unpack(package: Package, scratch: Path) -> Path:
    target = scratch / package.folder
    target.mkdir()
    command = ["npm", "pack", "--silent", "--pack-destination", str(target), f"{package.npm}@{package.version}"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    with tarfile.open(next(target.glob("*.tgz"))) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def _copy(package: Package, source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for path, name in package.files.items():
        shutil.copyfile(source / path, target / name)
    if package.make:
        package.make(source, target)


def hashes() -> list[str]:
    """One line a file, as `integrity` attributes want it: `sha384-<base64>  <folder>/<file>`."""
    files = sorted(path for path in STATIC.rglob("*") if path.is_file() and path.name != "HASHES.txt")
    return [f"{_sha384(path)}  {path.relative_to(STATIC).as_posix()}" for path in files]


def _sha384(path: Path) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


if __name__ == "__main__":
    main()
