import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from ruvector._training import TrainingStep
from ruvector._training import fit_here as fit
from timed_data import make_timed

VOID = {"meta", "circle", "line", "rect", "polyline"}


class Page(HTMLParser):
    """Which elements there are, whether each is closed, and what refers to the outside."""

    def __init__(self, text):
        super().__init__()
        self.open, self.found, self.outside, self.loose = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.outside += [value for name, value in attrs if name in ("src", "href", "srcset")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.loose.append(tag)

    def count(self, tag):
        return sum(name == tag for name, _ in self.found)


@pytest.fixture(scope="module")
def result():
    model = RandomForestClassifier(n_estimators=8, max_depth=5, random_state=0)
    steps = tuple(TrainingStep(at, 9, 1 / at, {"valid_loss": 1.2 / at}) for at in range(1, 10))
    return replace(fit(model, make_timed()), steps=steps)


@pytest.fixture(scope="module")
def page(result):
    return result.report("memopt").to_html()


def test_report_is_one_page_without_script_or_anything_from_outside(page):
    read = Page(page)
    assert read.loose == []
    assert read.open == []
    assert read.outside == []
    assert read.count("script") == read.count("link") == read.count("img") == 0
    assert "url(" not in page
    assert "@import" not in page


def test_report_begins_with_what_the_comparison_says(result, page):
    sentence = result.assessment["comparison"]["sentence"]
    assert sentence.startswith("Better than the best rule")
    first = re.search(r"<h1[^>]*>(.*?)</h1>", page)
    assert first.group(1) == sentence.replace("'", "&#x27;")
    assert result.report("memopt").verdict == sentence
    assert re.search(r"<article[^>]*><style>[^<]*</style><h1", page)


def test_report_holds_every_part_with_titles_and_headers(page):
    for title in (
        "Scores on 150 held-out rows",
        "Confusion matrix",
        "Calibration",
        "Feature importance",
        "Learning curve",
        "Data",
        "ONNX",
    ):
        assert f"<h2>{title}</h2>" in page
    read = Page(page)
    pictures = [attrs for tag, attrs in read.found if tag == "svg"]
    assert len(pictures) == 4
    assert all(each["role"] == "img" and each["aria-labelledby"] for each in pictures)
    assert read.count("title") == len(pictures) + 1
    assert read.count("desc") == len(pictures)
    heads = [attrs for tag, attrs in read.found if tag == "th"]
    assert all(each.get("scope") in ("col", "row") for each in heads)
    assert read.count("caption") == read.count("table")
    ids = [attrs["id"] for _, attrs in read.found if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_report_names_every_rule_with_its_interval_and_its_difference(result, page):
    rules = result.assessment["baseline"]
    assert set(rules) == {"majority", "usageThreshold", "persistence"}
    for rule in rules.values():
        low, high = rule["differenceInterval"]
        assert f"{rule['macroF1']:.3f}<small>" in page
        assert f"{low:+.3f} to {high:+.3f}".replace("-", "−") in page


def test_report_follows_the_scheme_of_the_system_and_of_a_notebook(page):
    assert "prefers-color-scheme:dark" in page
    assert '[data-jp-theme-light="false"]' in page
    assert "width=device-width" in page


def test_report_save_writes_the_page_and_says_where(result, tmp_path):
    report = result.report("memopt")
    path = report.save(tmp_path / "report.html")
    assert path.read_text("utf-8") == report.to_html()
    assert report._repr_html_() in report.to_html()


def test_report_escapes_names(result):
    page = result.report("<b>&").to_html()
    assert "<b>&" not in page
    assert "&lt;b&gt;&amp;" in page


def test_report_says_why_a_model_was_not_exported():
    dataset = make_timed(n=200)
    dataset.meta = {"horizonMs": 5000}
    page = fit(GaussianNB(), dataset).report().to_html()
    assert "carries no featureSpecSha256" in page
    assert "<h2>Feature importance</h2>" in page
