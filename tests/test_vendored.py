"""The files of other projects that our pages load: exactly those we chose, with their licenses, from no other host."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "src" / "farthing" / "web" / "static" / "vendor"
FOLDERS = sorted(path for path in VENDOR.iterdir() if path.is_dir())
vendor = runpy.run_path(str(ROOT / "tools" / "vendor.py"))


@pytest.mark.covers("F187")
def test_every_vendored_file_is_the_one_that_was_chosen() -> None:
    assert vendor["hashes"]() == (VENDOR / "HASHES.txt").read_text(encoding="utf-8").splitlines()


def test_the_folders_are_the_versions_that_the_script_names() -> None:
    assert {folder.name for folder in FOLDERS} == {package.folder for package in vendor["PACKAGES"]}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_package_comes_with_its_license(folder: Path) -> None:
    assert (folder / "LICENSE").stat().st_size > 500


@pytest.mark.parametrize("name", vendor["ICONS"])
def test_each_icon_is_in_the_sprite_once(name: str) -> None:
    sprite = next(VENDOR.glob("lucide-*/icons.svg")).read_text(encoding="utf-8")
    assert sprite.count(f'<symbol id="{name}"') == 1


@pytest.mark.parametrize("path", sorted(VENDOR.rglob("*.css")), ids=lambda path: path.name)
def test_no_style_sheet_loads_anything_from_elsewhere(path: Path) -> None:
    css = path.read_text(encoding="utf-8")
    assert "@import" not in css
    assert "url(http" not in css
    assert "url(//" not in css
