"""Take a run step by step."""


def all_steps(steps, stop_at=None):
    """Return the steps of a run and its result; the step `stop_at` is answered with a stop."""
    taken, command = [], None
    while True:
        try:
            step = steps.send(command)
        except StopIteration as done:
            return taken, done.value
        taken.append(step)
        command = "stop" if len(taken) == stop_at else None
