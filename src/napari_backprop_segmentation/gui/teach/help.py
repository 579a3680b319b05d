"""What each way of teaching and of correcting a result is for, and its keys: the second half of the help."""

Keys = tuple[tuple[str, str], ...]
WAYS: tuple[tuple[str, str, Keys], ...] = (
    (
        "Draw strokes",
        (
            "You know what there is to tell apart: paint a little of each kind, and every pixel gets the kind that it "
            "is most like. Or only the kind <i>object</i> is divided and counted, or each stroke shows one thing."
        ),
        (
            ("1 / 2 / 4 / 6", "eraser, brush, fill, move the picture"),
            ("- and =", "the kind before and after"),
            ("M", "one more kind"),
            ("[ and ]", "smaller and larger brush"),
            ("Ctrl+Z", "take back the last stroke; Ctrl+Shift+Z brings it back"),
            ("N", "go to the next doubtful place"),
        ),
    ),
    (
        "Find more like this",
        (
            "You want all things that are like one of them: click on it. A click on what was found wrongly says that "
            "this is none."
        ),
        (
            ("click", "an example, or a counter-example on what was found wrongly"),
            ("Shift / Alt + click", "always an example / always a counter-example"),
            ("Shift + wheel, Up, Down", "a larger or smaller outline"),
            ("Ctrl+Z", "take back the last click"),
        ),
    ),
    (
        "Add / remove, Merge, Cut",
        "A few single objects are wrong: a click removes one or adds the one that was missed; a drag joins or divides.",
        (("Ctrl+Z", "take it back"),),
    ),
    (
        "Other readings...",
        (
            "Something else was found than you want, such as bright things instead of what lines enclose: choose "
            "another way to see the image by its picture."
        ),
        (),
    ),
)
