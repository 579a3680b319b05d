"""What is seen and heard: contrast, room for all words, the way of the Tab key, names, keys, in both themes."""

import numpy as np
import pytest
from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QPoint, QRect, Qt
from qtpy.QtGui import QHelpEvent, QImage
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTableWidget,
    QToolButton,
    QToolTip,
    QWidget,
)

from napari_backprop_segmentation.gui.colours import LEAST_CONTRAST, contrast
from napari_backprop_segmentation.gui.help import TITLE, HelpDialog
from napari_backprop_segmentation.gui.teach.help import WAYS

CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QListWidget, QTableWidget)
WORDED = (QLabel, QPushButton, QToolButton, QCheckBox)
EXPLAINED = ("Run", "Stop", "Cancel", "Keep", "Measure", "Detail", "Apply to the whole image", "Trained network")
SCREEN = (1280, 800)
TOLERANCE = 1  # pixels


@pytest.fixture
def full(open_viewer, engine, regions, image, qtbot):
    """The widget in a window of 1280 x 800, with a result, all that unfolds unfolded."""
    from napari_backprop_segmentation.gui.widget import BackpropWidget

    viewer = open_viewer(show=True, proxy=False)
    viewer.add_image(np.stack([image, image]), name="cells", axis_labels=["c", "y", "x"], metadata=NAMED)
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    viewer.window.resize(*SCREEN)
    widget.show_result(regions)
    qtbot.waitUntil(lambda: widget.native.isVisible() and widget.native.width() > 0)
    QApplication.processEvents()
    return widget


NAMED = {"channel_names": ["DAPI", "a membrane stain with a name that is much longer than any dock is wide"]}


def shown(widget, *kinds):
    """Return what is on the screen of some kinds, also what must be scrolled to."""
    found = [each for kind in kinds for each in widget.native.findChildren(kind)]  # PySide6 takes one at a time
    return [each for each in found if each.isVisibleTo(widget.native)]


def told(each):
    return f"{type(each).__name__} '{getattr(each, 'text', lambda: '')()}' {each.accessibleName()}"


def colours(each, root):
    """Return the colour of the ground of a widget within another, and that which is furthest from it, as drawn."""
    place = QRect(each.mapTo(root, QPoint(0, 0)), each.size())
    pixels = root.grab(place).toImage().convertToFormat(QImage.Format.Format_RGB888)
    bits = pixels.constBits()
    if hasattr(bits, "setsize"):  # PyQt
        bits.setsize(pixels.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(pixels.height(), pixels.bytesPerLine())
    found, counts = np.unique(rows[:, : 3 * pixels.width()].reshape(-1, 3), axis=0, return_counts=True)
    ground = found[counts.argmax()]
    return tuple(ground), tuple(max(found, key=lambda colour: contrast(colour, ground)))


def test_words_and_the_colours_that_the_widget_sets_can_be_read_in_both_themes(full):
    for theme in ("dark", "light"):
        full._viewer.theme = theme
        QApplication.processEvents()
        checked = 0
        for each in (part for kind in WORDED for part in shown(full, kind)):
            if each.text() and each.isEnabled() and not each.visibleRegion().isEmpty():
                ground, ink = colours(each, full.native)
                assert contrast(ground, ink) >= LEAST_CONTRAST, (told(each), ground, ink)
                checked += 1
        assert checked > 20
        ground = get_theme(theme).background.as_rgb_tuple()[:3]
        dim = [each for each in shown(full, QLabel) if each.property("dim") and each.text()]
        assert dim
        for each in dim:
            each.ensurePolished()
            colour = each.palette().color(each.foregroundRole())
            assert contrast(colour.getRgb()[:3], ground) >= LEAST_CONTRAST, told(each)


def test_nothing_is_cut_off_at_1280_by_800(full, qtbot):
    for folded in (full.more.folded, full.model_files.folded):
        folded.unfold()
    full.strokes.toggle(True)
    QApplication.processEvents()
    assert full.native.window().width() <= SCREEN[0]
    for each in [*shown(full, QLabel), *shown(full, QAbstractButton)]:
        if not each.text():
            continue
        if isinstance(each, QLabel) and each.wordWrap():
            assert each.height() + TOLERANCE >= each.heightForWidth(each.width()), told(each)
            continue
        needed = each.sizeHint().width()
        if each.parent() is full.wanted.switch:  # whose buttons have no margins, so that five fit
            needed = each.fontMetrics().horizontalAdvance(each.text())
        assert each.width() + TOLERANCE >= needed, (told(each), each.width(), needed)
        right = each.mapTo(full.native, each.rect().topRight()).x()
        assert right <= full.native.width() + TOLERANCE, told(each)


def test_words_that_a_list_is_too_narrow_for_are_told_and_can_be_read_where_it_is_opened(full, monkeypatch):
    box, said = full.input_form.image.native, []
    monkeypatch.setattr(QToolTip, "showText", lambda place, text, *_: said.append(text))
    for name in ("cells", "a layer with a name that is much longer than any dock is wide"):
        full._viewer.layers[0].name = name
        full.reset_choices()
        QApplication.sendEvent(box, QHelpEvent(QEvent.Type.ToolTip, QPoint(5, 5), box.mapToGlobal(QPoint(5, 5))))
        assert box.currentText() == name
    assert said[-1] == f"{name}\n\n{box.toolTip()}"
    assert not any(text.startswith("cells") for text in said)
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.view().minimumWidth() > box.fontMetrics().horizontalAdvance(name)


def test_names_of_controls_end_on_one_line(full):
    form = full.wanted.switch.parentWidget().layout()
    assert isinstance(form, QFormLayout)
    ends = set()
    for row in range(form.rowCount()):
        item = form.itemAt(row, QFormLayout.ItemRole.LabelRole)
        if item is not None and item.widget().isVisibleTo(full.native):
            ends.add(item.widget().geometry().right())
    assert len(ends) == 1


def test_every_stop_of_the_tab_key_is_a_control_that_can_be_seen(full, qtbot):
    window = full.native.window()
    full.input_form.image.native.setFocus()
    seen = []
    for _ in range(200):
        now = window.focusWidget()
        if now is None or (seen and now is seen[0]):
            break
        if full.native.isAncestorOf(now):
            seen.append(now)
            assert isinstance(now, CONTROLS), told(now)
            assert now.isVisible(), told(now)
            assert not now.visibleRegion().isEmpty(), told(now)  # scrolled to, where it must be
        QTest.keyClick(now, Qt.Key.Key_Tab)
        QApplication.processEvents()
    stops = {id(each) for each in seen}
    for button in (full.run_button, full.help_button, full.curation.measure_button, full.curation.keep_button):
        assert id(button.native) in stops, button.text
    assert id(full.input_form.channels.native) in stops


def test_every_control_says_its_name_ticks_once_and_keys_stand_in_tooltips(full):
    full.more.folded.unfold()
    labels = {label.text() for label in shown(full, QLabel)} - {""}
    ticks = shown(full, QCheckBox)
    assert ticks
    for tick in ticks:
        assert bool(tick.text()) != (tick.accessibleName() in labels), told(tick)
    spoken = {"1 / 2 / 4 / 6": "1 or E", "- and =": "- and =", "[ and ]": "[ and ]", "N": "(N)"}
    buttons = {"Draw strokes": full.strokes.button, "Find more like this": full.examples.button}
    for title, _, keys in WAYS:
        for key, _ in keys:
            if title not in buttons or key == "click":
                continue
            text = buttons[title].tooltip + full.strokes.next_button.tooltip
            words = spoken.get(key, key).replace(" / ", " ").replace("wheel", "mouse wheel").replace(",", " ").split()
            assert all(word in text.replace(",", " ") for word in words), (title, key)
    for button in full.curation.tools._drags:
        assert "Ctrl+Z" in button.tooltip
    full.strokes.toggle(True)
    for each in shown(full, *CONTROLS):
        inner = isinstance(each.parent(), (QAbstractSpinBox, QComboBox, QAbstractSlider, QLineEdit))
        if inner or each.objectName().startswith("qt_") or not each.focusPolicy() & Qt.FocusPolicy.TabFocus:
            continue
        heard = each.accessibleName() or (each.text() if isinstance(each, QAbstractButton) else "")
        assert heard or (each.parent() is not None and named_above(each)), told(each)


def named_above(each: QWidget) -> bool:
    """Return whether a control is a part of one that has a name, as the box beside a slider."""
    return any(parent.accessibleName() for parent in (each.parent(), each.parent().parent()) if parent is not None)


def test_what_can_i_do_is_one_screen_that_can_be_read_in_both_themes(full, qtbot):
    window = full.native.window()
    for theme in ("dark", "light"):
        full._viewer.theme = theme
        for _ in range(2):  # asked for twice, it is there once
            full.help_button.native.click()
        (dialog,) = window.findChildren(HelpDialog)
        qtbot.waitUntil(dialog.isVisible)
        assert dialog.windowTitle() == TITLE == full.help_button.text
        assert dialog.width() <= SCREEN[0]
        assert dialog.height() <= SCREEN[1] - 40  # pixels for the frame of the window
        labels = dialog.findChildren(QLabel)
        for label in labels:
            assert label.height() >= label.heightForWidth(label.width())
            ground, ink = colours(label, dialog)
            assert contrast(ground, ink) >= LEAST_CONTRAST
        words = " ".join(label.text() for label in labels)
        for button in EXPLAINED:
            assert f"<i>{button}</i>" in words
        assert "Ctrl+Z" in words
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: not any(each.isVisible() for each in window.findChildren(HelpDialog)))
