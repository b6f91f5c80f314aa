"""English, in the namespace package `greetings`, which has no __init__.py."""


def greet(name: str) -> str:
    return f"Hello, {name}!"
