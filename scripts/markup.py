"""HTML and SVG as a tree of nodes: every text and attribute is escaped when the tree is written."""

import re
from typing import TypeAlias
from xml.etree import ElementTree as ET

Node: TypeAlias = ET.Element
Child: TypeAlias = Node | str

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Signs that no document may hold."""


def node(tag: str, *children: Child, **attributes: object) -> Node:
    """Make a node; an attribute's `_` is a hyphen (`stroke_width`), and a trailing one is dropped (`class_`)."""
    made = ET.Element(
        tag, {name.rstrip("_").replace("_", "-"): _clean(str(value)) for name, value in attributes.items()}
    )
    for child in children:
        _append(made, child)
    return made


def as_html(root: Node) -> str:
    """Write a whole document."""
    return f"<!doctype html>\n{ET.tostring(root, encoding='unicode', method='html')}\n"


def _append(parent: Node, child: Child) -> None:
    if isinstance(child, ET.Element):
        parent.append(child)
    elif len(parent):
        parent[-1].tail = (parent[-1].tail or "") + _clean(child)
    else:
        parent.text = (parent.text or "") + _clean(child)


def _clean(text: str) -> str:
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
