"""What a worker tells, heard for as long as somebody is there and wants to hear."""

import gc
from threading import Thread

import pytest
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QApplication

from napari_backprop_segmentation.gui.background import ClosingWorker
from napari_backprop_segmentation.gui.run.worker import Listener

try:
    from PyQt6.sip import delete
except ImportError:
    from shiboken6 import delete


class Worker(QObject):
    yielded = Signal(object)
    finished = Signal()

    def tell(self):
        """Signal from another thread: it is heard once this one handles its events."""
        thread = Thread(target=lambda: (self.yielded.emit("news"), self.finished.emit()))
        thread.start()
        thread.join()


class Somebody:
    def __init__(self, heard):
        self.heard, self.ring = heard, self  # goes with a collection, as what belongs to a window does
        self.listener = Listener(yielded=self.on_yielded, finished=self.on_finished)

    def on_yielded(self, news):
        self.heard.append(news)

    def on_finished(self):
        self.heard.append("the end")


@pytest.fixture
def worker(qapp):
    return Worker()


@pytest.fixture
def heard():
    return []


@pytest.fixture
def somebody(worker, heard):
    found = [Somebody(heard)]
    for name, slot in found[0].listener.slots.items():
        getattr(worker, name).connect(slot)
    return found


def test_what_a_worker_signals_is_heard_in_the_thread_of_the_window(worker, somebody, heard):
    worker.tell()
    assert heard == []
    QApplication.processEvents()
    assert heard == ["news", "the end"]


def test_nobody_is_told_who_has_gone_since_the_signal_was_sent(worker, somebody, heard):
    worker.tell()
    somebody.clear()
    gc.collect()
    QApplication.processEvents()
    assert heard == []


def test_nothing_is_heard_after_leaving_though_it_was_sent_before(worker, somebody, heard):
    worker.tell()
    somebody[0].listener.leave()
    QApplication.processEvents()
    assert heard == []


def test_where_the_signals_of_a_worker_are_gone_it_ends_without_a_word(qapp, capfd):
    closed = []

    def steps():
        try:
            yield
            delete(worker.signals)  # as at the end of a program
            yield
        finally:
            closed.append(True)

    worker = ClosingWorker(steps)
    worker.run()
    assert closed == [True]
    assert capfd.readouterr() == ("", "")
