import setuptools

setuptools.setup(
    name="orders",
    version="0.3.0",
    python_requires=">=3.11",
    packages=["orders"],
)
