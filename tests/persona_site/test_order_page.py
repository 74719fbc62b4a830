"""The order of lessons in a real browser: by mouse, by keyboard, on a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from courses.models import Lesson
from tests.browser import PHONE, browser_page, sideways_scroll
from tests.builders import make_course, make_lesson, make_superuser
from tests.persona_site.test_main_job import PASSWORD, log_in, web_server
from tests.processes import Environment

pytestmark = pytest.mark.usefixtures("transactional_db")


def test_drag_press_and_type(process_environment: Environment, tmp_path: Path) -> None:
    course = make_course("neck")
    for number in range(1, 6):
        make_lesson(course, number, title=f"t{number}")
    admin = make_superuser("admin")
    admin.set_password(PASSWORD)
    admin.save(update_fields=["password"])
    with (
        web_server(process_environment, tmp_path / "web.log") as site,
        browser_page(site) as (page, complaints),
    ):
        log_in(page)
        page.goto("/admin/courses/course/order/neck/")
        drag(page)
        page.set_viewport_size(PHONE)
        assert sideways_scroll(page) == 0
        press_and_type(page)
        page.get_by_role("button", name="Save the order").click()
        expect(page.get_by_text("5 lessons have new numbers.")).to_be_visible()
        assert complaints.found == []
    titles = Lesson.objects.order_by("lesson_number").values_list("title", flat=True)
    assert list(titles) == ["t5", "t3", "t4", "t1", "t2"]


def titles(page: Page) -> list[str]:
    return page.locator(".persona-order-title").all_inner_texts()


def drag(page: Page) -> None:
    page.wait_for_function(
        "document.querySelector('.persona-order')?._x_dataStack"
    )  # the theme's script runs
    page.locator(".persona-grip").nth(0).hover()
    page.mouse.down()
    below = page.locator(".persona-order li").nth(2).bounding_box()
    assert below
    for part in (0.5, 0.7, 0.9):  # the script looks where the pointer is at most every 30 ms
        page.mouse.move(below["x"] + 20, below["y"] + part * below["height"], steps=10)
    expect(page.locator(".persona-order-title").nth(2)).to_have_text("t1")
    page.mouse.up()
    expect(page.locator(".persona-order-title").nth(2)).to_have_text("t1")
    assert titles(page) == ["t2", "t3", "t1", "t4", "t5"]


def press_and_type(page: Page) -> None:
    page.get_by_role("button", name="Move “t1” down").press("Enter")
    assert titles(page) == ["t2", "t3", "t4", "t1", "t5"]
    box = page.get_by_label("Number of “t5”")
    box.fill("1")
    box.press("Enter")
    page.get_by_label("Number of “t2”").fill("5")
    page.get_by_label("Number of “t2”").press("Tab")
    assert titles(page) == ["t5", "t3", "t4", "t1", "t2"]
    expect(page.get_by_role("status")).to_have_text("t2: now number 5")
