"""The page that `frrgen report` writes, in a real browser, from the disk."""

from __future__ import annotations

import json

import pytest

from frrgen.cli import main
from tests.cli.test_cli import EXAMPLE
from tests.report.networks import HOSTILE, hostile
from tests.web.browser import chromium


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    assert main(["-i", str(EXAMPLE), "render", "--out", str(folder / "run")]) == 0
    running = folder / "run/edge1.conf"
    running.write_text(running.read_text().replace("description upstream", "description transit"))
    return reported(folder / "net.html", EXAMPLE, "--running", str(folder / "run"))


def reported(file, inventory, *args):
    assert main(["-i", str(inventory), "report", "-q", "-o", str(file), *args]) == 0
    return file


@pytest.fixture
def opened(browser, request):
    """Open a page from the disk. It asks for nothing else, and nothing goes wrong in it."""
    contexts = []

    def open_(file, **options):
        context = browser.new_context(viewport={"width": 1200, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.wrong, page.asked = [], []
        page.on("console", lambda said: page.wrong.append(said.text))
        page.on("pageerror", lambda bad: page.wrong.append(str(bad)))
        page.on("dialog", lambda said: page.wrong.append(said.message) or said.dismiss())
        page.on("request", lambda one: page.asked.append(one.url))
        page.goto(file.as_uri())
        pages.append((page, file))
        return page

    pages = []
    yield open_
    for page, file in pages:
        assert page.wrong == []
        assert set(page.asked) == {file.as_uri()}
    for context in contexts:
        context.close()


def text_of(page, selector):
    return page.locator(selector).inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 400])
def test_axe_finds_nothing_wrong_with_everything_open(opened, example, scheme, width):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is missing: python -m tests.web.fetch"
    )
    page = opened(example, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for rest in page.locator("details").all():
        rest.evaluate("one => { one.open = true }")
    # axe is put into the page by the test, past the page's own policy
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found] == []


def test_it_is_used_with_the_keyboard_alone(opened, example):
    page = opened(example)
    page.keyboard.press("Tab")
    assert text_of(page, ":focus") == "Skip to the routers"
    page.keyboard.press("/")
    page.keyboard.type("192.168.10.7")
    assert page.evaluate("count.value") == "2 of 2 routers name 192.168.10.7, or let it through"
    page.keyboard.press("Control+a")
    page.keyboard.type("transit")
    assert page.evaluate("count.value") == "0 of 2 routers"
    page.keyboard.press("Control+a")
    page.keyboard.type("UPSTREAM-in")
    assert page.evaluate("count.value") == "1 of 2 routers"
    for _ in range(4):
        page.keyboard.press("Tab")
    assert text_of(page, ":focus").startswith("edge1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#r0 h3")
    assert "0 to add, 1 to change, 0 to remove on edge1" in text_of(page, "#r0")


def test_the_filter_shows_what_differs(opened, example):
    page = opened(example)
    page.select_option("#filter", "differs")
    assert (page.locator("#r0").is_visible(), page.locator("#r1").is_visible()) == (True, False)
    page.select_option("#filter", "unknown")
    assert page.evaluate("count.value") == "0 of 2 routers"


def test_a_router_of_the_picture_leads_to_its_sessions(opened, example):
    page = opened(example)
    if page.locator(".picture").count() == 0:
        pytest.skip("graphviz is not installed")
    page.locator("#n0 a").click()
    page.locator("#r0 .session > summary", has_text="192.168.1.10").click()
    page.wait_for_selector("#r0 .session h4")
    session = page.locator("#r0 .session[open]")
    assert "accepts 192.168.10.0/24 le 32 (route-map MetalLB_k8s seq 10)" in session.inner_text()
    session.locator("summary", has_text="The exact set of prefixes: 1 line").first.click()
    assert "192.168.10.0/24 le 32" in session.locator("ul.set").inner_text()


def test_a_finding_leads_to_the_routers_that_have_it(opened, example):
    page = opened(example)
    page.get_by_role("button", name="Show the routers with FRR245").click()
    assert page.evaluate("count.value") == "1 of 2 routers"


def test_it_prints_whole_without_what_paper_cannot_use(opened, example):
    page = opened(example, color_scheme="dark")
    assert page.pdf(print_background=False).startswith(b"%PDF")
    page.emulate_media(media="print")
    assert not page.locator("form").is_visible()
    assert "accepts 192.168.10.0/24 le 32" in text_of(page, "#r1")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_it_is_dark_where_people_like_it_dark(opened, example):
    for scheme, colour in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(32, 33, 36)")):
        page = opened(example, color_scheme=scheme)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == colour


def test_text_that_would_do_harm_is_shown_as_text(opened, tmp_path):
    page = opened(reported(tmp_path / "net.html", hostile(tmp_path)))
    page.locator("#open").click()
    page.locator(".session > summary").click()
    page.wait_for_selector(".session h4")
    assert HOSTILE in text_of(page, "#r0")
    assert page.locator("img").count() == 0


def test_without_scripts_it_says_what_is_missing(opened, example):
    page = opened(example, java_script_enabled=False)
    assert "The list of routers needs JavaScript" in text_of(page, "main")


def test_a_prefix_is_found_in_a_set(opened, example):
    cases = {
        ("10.0.0.0/8", "10.0.0.0/8"): True,
        ("10.0.0.0/8", "10.1.0.0/16"): False,
        ("10.0.0.0/8 le 24", "10.1.0.0/16"): True,
        ("10.0.0.0/8 le 24", "10.1.0.0"): False,
        ("10.0.0.0/8 ge 32 le 32", "10.1.0.0"): True,
        ("0.0.0.0/0 ge 1 le 24", "0.0.0.0/0"): False,
        ("0.0.0.0/0 le 32", "2001:db8::/32"): False,
        ("2001:db8::/32 le 64", "2001:db8:0:1::/64"): True,
        ("2001:db8::/32 le 64", "2001:db9::/64"): False,
        ("::/0 le 128", "::1"): True,
        ("::/0 le 128", "1:2:3:4:5:6:7:8"): True,
        ("192.0.2.128/25 le 32", "192.0.2.127"): False,
        ("192.0.2.128/25 le 32", "192.0.2.129/32"): True,
    }
    page = opened(example)
    found = {case: page.evaluate("([line, prefix]) => holds(line, prefixOf(prefix))", list(case)) for case in cases}
    assert found == cases


def test_what_is_no_prefix_is_searched_as_text(opened, example):
    page = opened(example)
    for text in (
        "edge1",
        "10.0.0",
        "10.0.0.256",
        "10.0.0.0/33",
        "10.0.0.0/8/9",
        "",
        ":",
        ":::",
        "1::2::3",
        ":1::",
        "1:2",
    ):
        assert page.evaluate("text => prefixOf(text)", text) is None, text


def test_a_search_does_not_say_no_where_a_set_is_undecided(opened, tmp_path):
    (tmp_path / "net/routers").mkdir(parents=True)
    clause = {"action": "permit", "match": {"rpki": "valid"}}
    neighbor = {"remote_as": 64513, "ipv4_unicast": {"route_map_in": "M", "route_map_out": "M"}}
    router = {"route_maps": {"M": [clause]}, "bgp": {"asn": 64512, "neighbors": {"192.0.2.9": neighbor}}}
    (tmp_path / "net/routers/r1.yaml").write_text(json.dumps(router))
    page = opened(reported(tmp_path / "net.html", tmp_path / "net"))
    page.fill("#search", "198.51.100.0/24")
    assert "of others that is not known, for their sets are undecided" in page.evaluate("count.value")
    page.fill("#search", "")
    page.select_option("#filter", "undecided")
    page.locator("#open").click()
    page.locator(".session > summary").click()
    page.wait_for_selector(".session h4")
    assert "Not decided: the sets here may be incomplete." in text_of(page, "#r0")
