"""What an answer looks like as HTML, what can never be in it, and that streaming by block changes nothing."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistant.cut_markdown import left_open
from assistant.rendering import BlockRenderer, host_of, render

HOSTS = ("larkfield.example",)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("Hello **you**", "<p>Hello <strong>you</strong></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. c\n4. d", '<ol start="3">\n<li>c</li>\n<li>d</li>\n</ol>'),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("# Title", "<h3>Title</h3>"),
        ("###### Small", "<h6>Small</h6>"),
        ("~~old~~", "<p><s>old</s></p>"),
        ("```python\nx < 1\n```", '<pre tabindex="0" data-language="python"><code>x &lt; 1\n</code></pre>'),
        ("```\nplain\n```", '<pre tabindex="0"><code>plain\n</code></pre>'),
        ('```py"onload=x\nplain\n```', '<pre tabindex="0"><code>plain\n</code></pre>'),
        ("    indented", '<pre tabindex="0"><code>indented\n</code></pre>'),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
    ],
)
def test_markdown_becomes_plain_html(markdown: str, html: str) -> None:
    assert render(markdown) == html


def test_a_table_scrolls_in_a_named_box_and_keeps_its_alignment() -> None:
    html = render("| Plan | Price |\n|:--|--:|\n| Free | 0 |")
    assert html.startswith('<div class="table"')
    assert 'aria-label="Table"' in html
    assert re.search(r'<th [^>]*data-align="right"[^>]*>Price</th>', html)
    assert re.search(r'<th [^>]*scope="col"[^>]*>Plan</th>', html)
    assert '<td data-align="right">0</td>' in html
    assert "style" not in html


@pytest.mark.parametrize(
    ("cell", "wide"),
    [
        ("Professional", ""),
        ("**Professional**", ""),
        ("up to ten users", "text"),
        ("予約カレンダー", ""),
        ("共有の予約カレンダー", "text"),
        ("see https://larkfield.example/a/long/one", "endless"),
        ("`LARKFIELD_WEBHOOK_SECRET_KEY`", "endless"),
    ],
)
def test_a_cell_of_a_table_says_whether_its_text_needs_more_than_a_line(cell: str, wide: str) -> None:
    marks = f' data-wide="{wide}"' if wide else ""
    html = render(f"| {cell} | Price |\n|---|---|\n| {cell} | 12 |\n\n# End", HOSTS)
    assert f"<td{marks}>" in html and "<td>12</td>" in html
    assert f'<th{marks} scope="col">' in html and '<th scope="col">Price</th>' in html
    assert "<h3>End</h3>" in html


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("[help](https://larkfield.example/help)", 'href="https://larkfield.example/help"'),
        ("[help](https://docs.larkfield.example/a?b=c#d)", 'href="https://docs.larkfield.example/a?b=c#d"'),
        ("[help](HTTPS://LARKFIELD.EXAMPLE/)", "larkfield.example"),
        ("<https://larkfield.example/>", 'href="https://larkfield.example/"'),
        ("[write](mailto:help@larkfield.example)", 'href="mailto:help@larkfield.example"'),
        ("see https://larkfield.example/a_b?c=d.", '<a href="https://larkfield.example/a_b?c=d" '),
        ("(https://docs.larkfield.example/)", '<a href="https://docs.larkfield.example/" '),
        ("write to help@larkfield.example.", '<a href="mailto:help@larkfield.example" '),
        ("ご連絡先：help@larkfield.example。", ">help@larkfield.example</a>。"),
    ],
)
def test_links_to_allowed_hosts_live_and_open_apart(markdown: str, shown: str) -> None:
    html = render(markdown, HOSTS)
    assert shown.lower() in html.lower()
    assert 'target="_blank"' in html
    assert 'rel="noopener nofollow"' in html
    assert "<a" not in render(markdown), "without an allow-list no link lives"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("[bill](https://evil.example/?q=secret)", "<p>bill (evil.example)</p>"),
        ("[evil.example](https://evil.example/)", "<p>evil.example</p>"),
        ("<https://evil.example/x>", "<p>https://evil.example/x</p>"),
        ("[a](http://larkfield.example/)", "<p>a (larkfield.example)</p>"),
        ("[a](https://larkfield.example.evil.example/)", "<p>a (larkfield.example.evil.example)</p>"),
        ("[a](https://notlarkfield.example/)", "<p>a (notlarkfield.example)</p>"),
        ("[a](https://larkfield.example@evil.example/)", "<p>a (evil.example)</p>"),
        ("[a](https://evil.example@larkfield.example/)", "<p>a (larkfield.example)</p>"),
        (r"[a](https://larkfield.example\@evil.example/)", "<p>a (evil.example)</p>"),
        ("[a](//evil.example/x)", "<p>a (evil.example)</p>"),
        ("[a](/end/)", "<p>a</p>"),
        ("[a](#top)", "<p>a</p>"),
        ("[a](mailto:x@evil.example)", "<p>a (evil.example)</p>"),
        ("[a](https://[bad/)", "<p>a</p>"),
        ("[**b** c](https://evil.example/)", "<p><strong>b</strong> c (evil.example)</p>"),
        ("![pixel](https://evil.example/p.png)", "<p>!pixel (evil.example)</p>"),
        ("[a][1]\n\n[1]: https://evil.example/", "<p>a (evil.example)</p>"),
        ("https://evil.example/larkfield.example", "<p>https://evil.example/larkfield.example</p>"),
        ("https://larkfield.example.evil.example/", "<p>https://larkfield.example.evil.example/</p>"),
        ("https://larkfield.example@evil.example/", "<p>https://larkfield.example@evil.example/</p>"),
        ("http://larkfield.example/", "<p>http://larkfield.example/</p>"),
        ("x@larkfield.example.evil.example", "<p>x@larkfield.example.evil.example</p>"),
        ("x@evil.example", "<p>x@evil.example</p>"),
        (
            "[https://larkfield.example](https://evil.example)",
            "<p>https://larkfield.example (evil.example)</p>",
        ),
        ("`https://larkfield.example/`", "<p><code>https://larkfield.example/</code></p>"),
    ],
)
def test_every_other_link_becomes_text_that_names_its_host(markdown: str, text: str) -> None:
    assert render(markdown, HOSTS) == text


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61;vascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    "<javascript:alert(1)>",
    "<data:text/html;base64,PHNjcmlwdD4=>",
    "![x](https://larkfield.example/pixel.png)",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    '[x](https://larkfield.example/" onmouseover="alert(1))',
    '[x](https://larkfield.example "\\" onmouseover=\\"alert(1)")',
    "[![x](https://evil.example/p.png)](https://larkfield.example/)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "- <b onclick=alert(1)>x</b>",
    "> <style>*{display:none}</style>",
    "<!-- --><script>alert(1)</script>",
    "<a href=javascript:alert(1)>x</a>",
    "[x]\n\n[x]: javascript:alert(1)",
    "<math><mtext></table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "\u202e<script>\x00alert(1)</scr\x00ipt>",
    "<form action=https://evil.example><button>Sign in</button></form>",
    "<base href=https://evil.example/>",
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
]

LIVE = re.compile(
    r"<(?!/?(?:p|br|hr|strong|em|s|code|pre|ul|ol|li|blockquote|a|h[3-6]|div|table|thead|tbody|tr|th|td)[ >])"
)
ATTRIBUTE = re.compile(r"<[a-z0-9]+((?:\s+[a-z-]+=\"[^\"]*\")*)\s*>")


def assert_harmless(html: str) -> None:
    """Check that only our own tags and attributes are there, and only links that may live."""
    assert not LIVE.search(html), html
    for attributes in ATTRIBUTE.findall(html):
        for name, value in re.findall(r"([a-z-]+)=\"([^\"]*)\"", attributes):
            assert name in {
                *("href", "target", "rel", "start", "tabindex", "role", "class", "scope"),
                *("aria-label", "data-language", "data-align", "data-wide"),
            }, html
            if name == "href":
                assert value.startswith(("https://larkfield.example", "mailto:")), html


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_acts_survives(attack: str) -> None:
    assert_harmless(render(attack, HOSTS))
    blocks = BlockRenderer(HOSTS)
    for character in attack:
        for html, _ in blocks.feed(character):
            assert_harmless(html)
    for html, _ in blocks.finish():
        assert_harmless(html)


def test_the_check_itself_sees_what_acts() -> None:
    for bad in (
        "<script>",
        "<img src=x>",
        '<p onclick="x">',
        '<a href="javascript:x">',
        '<a href="https://evil.example">',
    ):
        with pytest.raises(AssertionError):
            assert_harmless(bad)


def test_the_host_of_a_link() -> None:
    assert host_of("https://User@Larkfield.Example:8443/x") == "larkfield.example"
    assert host_of("mailto:a@B.example") == "b.example"
    assert host_of("/relative") == ""


# Pieces that begin, end and confuse blocks; no brackets, because a reference defined further down
# changes blocks above it (the whole render at the end puts that right).
MARKS = (
    "word |two|- a|* b|1. c|2) d|1|-|> q|#|# |```|~~~|`x`|---|===|***|_|**bo|\\|é|🙂|<b>|&amp;|+ |10.|:--|. "
)
SPACES = ("\n", "\n\n", "  ", "    ", "\t", "\r", "\r\n", "\x0b", "\x85", "\u2028")
TABLES = ("| a | b |\n", "|--|--|\n", "|", "```py\n")
PIECES = st.sampled_from([*MARKS.split("|"), *SPACES, *TABLES])


PARSER = MarkdownIt("commonmark").enable("table")


def top_level_blocks(text: str) -> list[Token]:
    """Return the first token of each top-level block of the lines of `text` that are complete."""
    complete = re.match(r"(?s).*(?:\n|\r(?!$))", text.removesuffix("\r"))
    tokens = PARSER.parse(complete[0] if complete else "")
    return [token for token in tokens if token.level == 0 and token.nesting >= 0]


@given(st.lists(PIECES, max_size=30), st.integers(0, 2**32))
@example(["- a", "\n", "\n", "  ", "two"], 1)
@example(["```py\n", "- a", "\n\n", "# ", "\n", "```", "\n", "two"], 7)
def test_streaming_by_block_shows_the_whole_text_once(pieces: list[str], cuts: int) -> None:
    text = "".join(pieces)
    blocks = BlockRenderer()
    got: list[tuple[str, int]] = []
    fed = 0
    for end in range(len(text) + 1):
        if cuts >> (end % 32) & 1 or end == len(text):
            got += blocks.feed(text[fed:end])
            fed = end
            assert len(top_level_blocks(text[blocks.upto : end])) < 2, "no block waits longer than it must"
    got += blocks.finish()
    offsets = [upto for _, upto in got]
    assert offsets == sorted(set(offsets)), "each block once, in order"
    assert not text[offsets[-1] if offsets else 0 :].strip(), "nothing is left out"
    assert "\n".join(html for html, _ in got if html) == render(text)


def test_a_block_is_final_when_the_next_has_begun_and_not_before() -> None:
    blocks = BlockRenderer()
    assert blocks.feed("First para") == []
    assert blocks.feed("graph.\n\n") == []
    assert blocks.feed("1") == [], "a number may still become a list"
    assert blocks.feed(". One") == [("<p>First paragraph.</p>", 18)]
    assert blocks.feed("\n2. Two") == []
    assert blocks.finish() == [("<ol>\n<li>One</li>\n<li>Two</li>\n</ol>", 31)]


def test_fenced_code_is_never_split() -> None:
    code = "```python\ndef f():\n\n    return 1\n\n# comment\n- no list\n```"
    blocks = BlockRenderer()
    for character in code:
        assert blocks.feed(character) == []
    ((html, upto),) = blocks.feed("\n\nDone")
    assert html.count("<pre") == 1
    assert upto == len(code) + 2


def test_offsets_count_code_points() -> None:
    text = "🙂🙂 é\n\nnext"
    assert BlockRenderer().feed(text) == [("<p>🙂🙂 é</p>", 6)]


PYTHON = '<pre tabindex="0" data-language="python"><code>'
CUT = "Do this:\n\n```python\nfirst()\n"


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        (CUT, "```python\n"),
        ("~~~~\nx\n~~~", "~~~~\n"),
        ("```", "```\n"),
        ('```py title="my own.py"\nx', "```py\n"),
        (f"{CUT}```\n", ""),
        (f"{CUT}```\n\nand", ""),
        (f"{CUT}    ```\n", "```python\n"),
        ("- item\n\n  ```\n  x", ""),  # of an item: what goes on stands outside of the list
        ("plain", ""),
        ("", ""),
    ],
)
def test_a_text_that_breaks_off_in_code_says_what_opened_it(text: str, opened: str) -> None:
    assert left_open(text) == opened


@pytest.mark.parametrize(
    ("rest", "html"),
    [
        (
            "second()\n```\n\nThen *this*.",
            f"{PYTHON}second()\n</code></pre>\n<p>Then <em>this</em>.</p>",
        ),
        ("```\n\nThen *this*.", "<p>Then <em>this</em>.</p>"),  # only the end of the code was missing
        (  # a model that opens it anew
            "```python\nsecond()\n```\nThen.",
            f"{PYTHON}second()\n</code></pre>\n<p>Then.</p>",
        ),
        ("second(", f"{PYTHON}second(</code></pre>"),
    ],
)
def test_what_goes_on_with_code_is_code_until_its_end(rest: str, html: str) -> None:
    inside = left_open(CUT)
    assert render(rest, (), inside) == html
    assert render(rest) != html or "```python" in rest
    for step in (1, 3, 100):
        blocks = BlockRenderer((), inside)
        got = [
            block for at in range(0, len(rest), step) for block in blocks.feed(rest[at : at + step])
        ] + blocks.finish()
        assert "\n".join(shown for shown, _ in got if shown) == html
        assert [upto for _, upto in got][-1] == len(rest)
        assert all(0 < upto <= len(rest) for _, upto in got)


def test_a_text_that_goes_on_with_nothing_shows_nothing() -> None:
    assert BlockRenderer((), "```\n").finish() == []
    assert render("", (), "```\n") == ""
