"""`farthing emails`: see them in every language, and copy their words to change them."""

from pathlib import Path

from tests.cli.conftest import Farthing


def test_an_email_is_seen_as_a_buyer_would_get_it(bare: Farthing) -> None:
    shown = bare("emails", "preview", "order_confirmation", "--locale", "de")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith("Subject: Ihre Bestellung 1001\n")
    assert "Rabatt: −2,50" in shown.out
    refused = bare("emails", "preview", "invoice")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "There is no email 'invoice': choose one of order_confirmation, receipt" in refused.err
    assert "'english' is not a locale" in bare("emails", "preview", "receipt", "--locale", "english").err


def test_the_words_are_copied_once_to_be_changed(bare: Farthing, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    assert bare("emails", "copy", str(mine)).code == 0
    (mine / "receipt.subject").write_text("Mine {{ order.number }}\n")
    own = {"FARTHING_EMAILS": str(mine)}
    assert bare("emails", "preview", "receipt", environ=own).out.startswith("Subject: Mine 1001\n")
    again = bare("emails", "copy", str(mine))
    assert (again.code, again.err.strip()) == (5, f"farthing: {mine} is not an empty folder: nothing was copied.")
    assert (mine / "receipt.subject").read_text() == "Mine {{ order.number }}\n"
    (mine / "receipt.txt").write_text("{% if %}")
    broken = bare("emails", "preview", "receipt", environ=own)
    assert broken.code == 3
    assert "receipt.txt:1: " in broken.err
