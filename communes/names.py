"""Are two spellings the same name? Letters count, diacritics and where they stand (òa, oà) do not."""

import unicodedata


def fold(text: str) -> str:
    """The text without diacritics and capitals: Thanh Chăn, Thanh Chấn and THANH CHAN are alike."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(letters.casefold().split())
