"""Words that people type: names, searches and reviews, short and long, in several scripts."""

from __future__ import annotations

#: First name, family name, language of the browser. Addresses are made from the Latin spelling, where one is given.
NAMES = (
    ("Jane", "Miller", "en-GB", ""), ("Thomas", "Weber", "de-DE", ""), ("Zoë", "García", "es-ES", "zoe.garcia"),
    ("Émile", "Lefèvre", "fr-FR", "emile.lefevre"), ("Søren", "Østergård", "da-DK", "soren.ostergard"),
    ("Agnieszka", "Wójcik", "pl-PL", "agnieszka.wojcik"), ("陽子", "佐藤", "ja-JP", "yoko.sato"),
    ("伟", "王", "zh-CN", "wei.wang"), ("Олена", "Шевченко", "uk-UA", "olena.shevchenko"), ("Ελένη", "Παπαδοπούλου", "el-GR", "eleni.p"),
    ("محمد", "الأحمد", "ar-EG", "mohammed.a"), ("Noa", "Levi", "he-IL", ""), ("Priya", "Sharma", "en-IN", ""),
    ("João", "Souza", "pt-BR", "joao.souza"), ("Linh", "Nguyễn", "vi-VN", "linh.nguyen"), ("Aoife", "O’Brien", "en-IE", "aoife.obrien"),
    ("Lukas", "Gruber", "de-AT", ""), ("Mette", "de Vries", "nl-NL", "mette.devries"), ("Selin", "Yılmaz", "tr-TR", "selin.yilmaz"),
    ("지우", "김", "ko-KR", "jiwoo.kim"), ("Grace", "Okafor", "en-US", ""), ("Matteo", "Ricci", "it-IT", ""),
)  # fmt: skip
#: The time zone of most who live in the region of a language's tag.
_ZONES = {
    "AT": "Europe/Vienna", "CN": "Asia/Shanghai", "DE": "Europe/Berlin", "DK": "Europe/Copenhagen", "EG": "Africa/Cairo",
    "ES": "Europe/Madrid", "FR": "Europe/Paris", "GB": "Europe/London", "GR": "Europe/Athens", "IE": "Europe/Dublin",
    "IL": "Asia/Jerusalem", "IN": "Asia/Calcutta", "IT": "Europe/Rome", "JP": "Asia/Tokyo", "KR": "Asia/Seoul",
    "BR": "America/Sao_Paulo", "NL": "Europe/Amsterdam", "PL": "Europe/Warsaw", "TR": "Europe/Istanbul", "UA": "Europe/Kiev",
    "US": "America/New_York", "VN": "Asia/Saigon",
}  # fmt: skip
SEARCHES = (
    "green tea", "teapot", "Teekanne", "matcha", "抹茶", "earl grey", "gift", "kettle 1l", "caffeine free", "чай", "sencha",
    "tetera de hierro", "🍵", "loose leaf oolong first flush 2026 organic", "cup",
)  # fmt: skip
#: Which of them find nothing.
FINDS_NOTHING = frozenset(("tetera de hierro", "loose leaf oolong first flush 2026 organic", "чай"))
REVIEWS = (
    "Lovely. Will order again.",
    "Der Ausguss tropft wirklich nicht! Ich hatte schon aufgegeben, eine Kanne zu finden, bei der das stimmt. 🎉",
    "香りがとても良く、毎朝楽しみです。包装も丁寧でした。また注文します。",
    "Nie wiem, jak oni to robią, ale herbata przyszła następnego dnia, a do paczki dołożono odręczną kartkę.",
    "चाय बहुत अच्छी है, डिलीवरी भी समय पर हुई।",
    "الشاي رائع والتغليف جميل جدا، شكرا لكم ❤️",
    (
        "Three cups in, and I understand why my sister would not stop talking about this. It is the kind of tea that makes"
        " you put down the phone. I brewed it at 70 degrees as the label says, then at 80 because I am like that, and the"
        " label was right. The tin closes with a sound that I can only call satisfying. My one wish: a larger size, because"
        " a hundred grams were gone in nine days, and the cat has now claimed the box. 👩🏽‍🍳🐈‍⬛"
    ),
    "ok",
)
#: Answers to "how did you hear of us?", which is one field for whatever people like to say.
HEARD_OF = ("a friend", ["Instagram", "a friend"], 3, True, "Podcast »Blatt & Blüte«", None)
COUPONS = ("TEA10", "WELCOME", "herbst-2026", "TEA10 ")
PLANS = ("free", "free", "free", "club", "club plus")


def zone_of(language: str) -> str:
    """Return the time zone that a browser of this language has, as browsers name it: some by its old name."""
    return _ZONES[language.partition("-")[2]]
