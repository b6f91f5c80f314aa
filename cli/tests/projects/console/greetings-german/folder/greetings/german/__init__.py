"""German, the other half of the namespace package `greetings`, found through a .pth file."""


def greet(name: str) -> str:
    return f"Grüß Gott, {name}!"
