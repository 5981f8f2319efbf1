"""A certificate as a page for people: what it says, what was checked of it and what was not, in English and 中文.

`sheet` gathers what the page says, the same for each form; `page` writes it as HTML, `paper` as PDF.

Format: docs/spec/certificate-page.md.
"""
