"""Makes the files beside it: `python -m tests.imports.make_files`. Large ones are made by the tests."""

import io
import json
import zipfile
from datetime import date, datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

FOLDER = Path(__file__).parent / "files"

HELP_PAGE = """<!doctype html><html lang="en-gb"><head><title>Change your card - Help Centre</title>
<link rel="canonical" href="https://help.example.com/billing/change-card"><style>p{color:red}</style></head>
<body><nav><a href="/">Home</a></nav><main><h1>Change your card</h1>
<p>Open <a href="/settings/billing">Billing</a> and choose <b>Replace card</b>.</p>
<p><img src="card.png" alt="card"> See <a href="https://bank.example.com/rules">your bank's rules</a>
or <a href="javascript:alert(1)">this</a>.</p><script>track()</script></main><footer>© us</footer></body></html>"""
HALF_BROKEN = """<html><body><h1>Opening hours<p>We open at <b>nine <i>sharp</b></i>
<ul><li>Monday<li>Tuesday</ul><table><tr><td>Sat<td>closed</table><p>Bye<div"""
DETAILS = """<html lang=fr><body><h1>Paiement</h1>
<details><summary>Comment payer ?</summary><p>Par carte.</p></details>
<details><summary>Puis-je payer en espèces ?</summary><p>Oui, sur place.</p></details></body></html>"""
LINKED = """<html><head><script type="application/ld+json">{"@context":"https://schema.org","@graph":[
{"@type":"FAQPage","mainEntity":[{"@type":"Question","name":"Is it free?","acceptedAnswer":{"@type":"Answer",
"text":"<p>Yes, for <strong>30 days</strong>.</p>"}}]}]}</script></head><body><p>shown otherwise</p></body></html>"""
DEFINITIONS = """<html lang="es"><body><dl><dt>¿Cómo pago?</dt><dd>Con tarjeta.</dd>
<dt>¿Puedo cancelar?</dt><dd>Sí, hasta 24 horas antes.</dd></dl></body></html>"""
QUESTIONS_MD = """# Reminders

## When are reminders sent?

One day before. See [settings](/settings).

## Can I switch them off?

Yes. ![switch](switch.png)
"""

ZENDESK = {
    "count": 3,
    "articles": [
        {
            "id": 101, "title": "How do I export my bookings?", "locale": "en-us", "draft": False, "section_id": 7,
            "html_url": "https://acme.zendesk.com/hc/en-us/articles/101-export", "label_names": ["export"],
            "body": '<h2>Steps</h2><ol><li>Open <a href="/hc/en-us/articles/102">Reports</a></li>'
            '<li>Choose <b>Export</b></li></ol><p><img src="/hc/article_attachments/1.png"></p>',
            "translations": [
                {"locale": "en-us", "title": "How do I export my bookings?", "body": "<p>x</p>"},
                {"locale": "de", "title": "Wie exportiere ich Buchungen?", "body": "<p>Unter <b>Berichte</b>.</p>"},
            ],
        },
        {
            "id": 102, "title": "Reports", "locale": "en-us", "draft": True, "section_id": 7, "body": None,
            "html_url": "https://acme.zendesk.com/hc/en-us/articles/102", "label_names": [],
        },
        {
            "id": 103, "title": "Everything about invoices", "locale": "en-us", "draft": True, "section_id": 8,
            "html_url": "https://acme.zendesk.com/hc/en-us/articles/103", "label_names": [],
            "body": "<p>" + "An invoice is sent on the first of each month. " * 40 + "</p>",
        },
    ],
    "sections": [{"id": 7, "name": "Data", "locale": "en-us"}, {"id": 8, "name": "Invoices", "locale": "en-us"}],
    "next_page": None, "page": 1, "per_page": 30,
}  # fmt: skip
INTERCOM = {
    "type": "list",
    "data": [
        {
            "id": "11", "type": "article", "title": "Can I pay by invoice?", "state": "published",
            "body": '<p>Yes, on the <a href="https://example.com/plans">Studio plan</a>.</p>', "parent_id": 5,
            "url": "https://intercom.help/acme/en/articles/11-invoice", "default_locale": "en",
            "translated_content": {
                "type": "article_translated_content",
                "en": {"type": "article_content", "title": "Can I pay by invoice?", "body": "<p>Yes</p>"},
                "fr": {"type": "article_content", "title": "Puis-je payer sur facture ?", "state": "draft",
                       "body": "<p>Oui, avec la formule <i>Studio</i>.</p>"},
                "de": None,
            },
        },
        {"id": "12", "type": "article", "title": "", "body": "", "state": "draft", "default_locale": "en"},
        {"id": "5", "type": "collection", "name": "Billing"},
    ],
    "total_count": 2, "pages": {"type": "pages", "page": 1, "per_page": 25, "total_pages": 1},
}  # fmt: skip
CHATWOOT = {
    "payload": [
        {
            "id": 1, "slug": "two-calendars", "title": "Can I connect two calendars?", "status": "published",
            "content": "Yes, under **Calendars**.\n\n![screen](/rails/1.png)\n\nSee [plans](../plans).",
            "category": {"id": 3, "name": "Calendars", "slug": "calendars", "locale": "en"}, "views": 4,
        },
        {
            "id": 2, "slug": "dois-calendarios", "title": "Posso ligar dois calendários?", "status": "draft",
            "content": "Sim, em **Calendários**.", "locale": "pt_BR", "category": {"id": 4, "name": "Calendários"},
        },
        {"id": 3, "slug": "old", "title": "Old thing", "content": "x", "status": "archived", "locale": "en"},
    ],
    "meta": {"articles_count": 3},
}  # fmt: skip


def workbook(fill: "dict[str, list[list[object]]]", merge: str = "") -> bytes:
    """Return a workbook with these sheets."""
    book = Workbook()
    first = book.active
    if first is not None:
        book.remove(first)
    for title, rows in fill.items():
        sheet: Worksheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if merge:
            sheet.merge_cells(merge)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(files: dict[str, str | bytes]) -> bytes:
    """Return a zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def encrypted(data: bytes) -> bytes:
    """Return a zip whose members say that they are encrypted."""
    marked = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = marked.find(signature)
        while place >= 0:
            marked[place + offset] |= 1
            place = marked.find(signature, place + 4)
    return bytes(marked)


def files() -> dict[str, bytes]:
    """Return every file by its name."""
    plain = "question,answer\nHow do I pay?,By card.\nWhere are you?,In Leeds.\n"
    german = (
        "Frage;Antwort;Kategorie\nWie zahle ich?;Mit Karte, bar oder Überweisung.;Bezahlen\n"
        "Öffnungszeiten?;Mo–Fr 9–17 Uhr, außer an Feiertagen;Allgemein\n"
    )
    arabic = "السؤال,الجواب\nكيف أدفع؟,بالبطاقة.\nأين أنتم؟,في ليدز.\n"
    japanese = '質問,回答,言い換え\nパスワードを忘れました。,リセットしてください。,"パスワード再設定\nログインできない"\n'
    pages: dict[str, str | bytes] = {
        "help/billing/change-card.html": HELP_PAGE,
        "help/billing/more/refunds.md": "# Can I have my money back?\n\nWithin 14 days.\n",
        "help/reminders.md": QUESTIONS_MD,
        "help/img/card.png": b"\x89PNG\r\n\x1a\n",
        "help/style.css": "p {}",
        "__MACOSX/help/._reminders.md": b"\0\0",
    }
    return {
        "plain.csv": plain.encode(),
        "utf8-bom-crlf.csv": b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode(),
        "german-excel-cp1252.csv": german.encode("cp1252"),
        "utf16-tabs.csv": plain.replace(",", "\t").encode("utf-16"),
        "japanese.csv": japanese.encode(),
        "japanese-shift-jis.csv": "質問,回答\nどうすればいいですか,こうしてください。\n".encode("cp932"),
        "arabic.csv": arabic.encode(),
        "no-headings.csv": b"How do I pay?;By card, or in cash.\nWhere are you?;In Leeds.\n",
        "excel-sep.csv": b"sep=;\r\nquestion;answer\r\nHow do I pay?;By card.\r\n",
        "phrasings.csv": b'question,phrasing_1,phrasing_2,answer\nHow do I pay?,Payment,"Paying\n- By card?",By card.\n',
        "french-accents.csv": "Catégorie,Réponse,Question\nPaiement,Par carte.,Comment payer ?\n".encode(),
        "one-bad-byte.csv": "question,answer\nCafé?,Oui, ".encode()[:-2] + b".\nTh\xe9?,Non.\nEau d\xc3\xa9licieuse?,Oui.\n",
        "nul-bytes.csv": b"question,answer\nHow do\x00 I pay?,By card.\nWhere?,In Leeds, behind it\n",
        "unclosed-quote.csv": b'question,answer\nHow do I pay?,By card.\nWhere?,"In Leeds\nWhen?,Now\n',
        "duplicates.csv": b"question,answer\nHow do I pay?,By card.\nhow do i PAY,In cash.\nPay how?,x\n",
        "empty-answers.csv": b"question,answer\nHow do I pay?,\nWhere?,<p><img src=x.png></p>\n,Lost.\nWhen?,Now.\n",
        "html-answers.csv": b"question,answer\nHow?,\"<p>Use <a href='/menu'>the menu</a><br>and <b>click</b></p>\"\n",
        "formula-text.csv": b"question,answer\n=cmd|' /C calc'!A0,Safe.\nHow?,'=1+1\n",
        "too-long.csv": ("question,answer\n" + "x" * 301 + ",a\nLong?," + "An answer. " * 150 + "\n").encode(),
        "one-column.csv": b"question\nHow do I pay?\nWhere?\n",
        "empty.csv": b"",
        "blank.csv": b"\xef\xbb\xbf \r\n\r\n",
        "picture.csv": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01",
        "binary.csv": bytes(range(256)) * 4,
        "two-sheets.xlsx": workbook({
            "Notes": [["made in November"]],
            "FAQ": [["Pregunta", "Respuesta", "Fecha"], ["¿Cómo pago?", "Con tarjeta.", date(2026, 11, 1)],
                    [None, None, None], ["¿Cuándo?", datetime(2026, 11, 2, 9, 30), None], ["¿Cuánto?", 12.0, None]],
        }),
        "formulas.xlsx": workbook({"FAQ": [["question", "answer"], ["How?", '=CONCATENATE("a","b")'], ["Where?", "Here."]]}),
        "merged.xlsx": workbook(
            {"FAQ": [["category", "question", "answer"], ["Money", "How?", "So."], [None, "Where?", "There."]]}, "A2:A3"
        ),
        "truncated.xlsx": workbook({"FAQ": [["question", "answer"], ["How?", "So."]]})[:2000],
        "help-page.html": HELP_PAGE.encode(),
        "half-broken.html": HALF_BROKEN.encode(),
        "details.html": DETAILS.encode(),
        "faq-page-json-ld.html": LINKED.encode(),
        "definitions.html": DEFINITIONS.encode(),
        "too-deep.html": b"<html><body>" + b"<div>" * 3000 + b"x",
        "page-named.csv": HELP_PAGE.encode(),
        "help-centre.zip": packed(pages),
        "traversal.zip": packed({"../../etc/passwd.html": "<p>x</p>", "C:\\boot.html": "<p>x</p>", "ok.md": "# Hi?\n\nYes."}),
        "nested.zip": packed({"inner.zip": packed({"a.md": "# A?\n\nx"}), "b.md": "# B?\n\nYes.", "faq.csv": "a,b"}),
        "encrypted.zip": encrypted(packed({"a.html": "<p>x</p>"})),
        "truncated.zip": packed({"a.html": "<p>x</p>" * 50})[:60],
        "damaged-member.zip": packed({"a.md": "# A?\n\nYes.", "b.md": "# B?\n\nYes."}).replace(b"PK\x03\x04", b"PK\x03\x05", 1),
        "nothing-in-it.zip": packed({"a.png": b"\x89PNG"}),
        "word.docx": packed({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}),
        "old-or-locked.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504,
        "zendesk.json": json.dumps(ZENDESK, indent=1).encode(),
        "intercom.json": json.dumps(INTERCOM, indent=1).encode(),
        "chatwoot.json": json.dumps(CHATWOOT, ensure_ascii=False, indent=1).encode(),
        "list.json": json.dumps([{"question": "How?", "answer": "So.", "phrasings": ["What way?"]}]).encode(),
        "unknown.json": b'{"tickets": []}',
        "cut.json": b'{"articles": [{"id": 1, "title": "A',
    }  # fmt: skip


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, data in files().items():
        (FOLDER / name).write_bytes(data)
