"""A form full of repeats, for tests of what comes and goes: persons with codes, entries inside entries, counted ones.

head/note_of           text        the first question
head/amount            integer     how many `counted` there are
head/twice             calculate   2 * amount
people/pp[n]/full      text        code P
people/pp[n]/kind      select_one  man, unit
people/pp[n]/unit_no   text        shown when kind is unit
people/pp[n]/face      file
people/pp[n]/inner[m]/detail   text
counted[n]/what        text
acts/ev[n]/told        text
acts/ev[n]/ev_refs     text        names persons
"""

from __future__ import annotations

from schemas.session_types import Path

NOTE: Path = ("head", "note_of")
AMOUNT: Path = ("head", "amount")
PEOPLE: Path = ("people", "pp")
COUNTED: Path = ("counted",)
EVENTS: Path = ("acts", "ev")

_BINDS = """
<bind nodeset="/data/head/note_of" type="string"/>
<bind nodeset="/data/head/amount" type="int"/>
<bind nodeset="/data/head/twice" type="string" calculate="/data/head/amount * 2"/>
<bind nodeset="/data/people/pp" svidok:start="0" svidok:code="P"/>
<bind nodeset="/data/people/pp/full" type="string"/>
<bind nodeset="/data/people/pp/kind" type="string"/>
<bind nodeset="/data/people/pp/unit_no" type="string" relevant="../kind = 'unit'"/>
<bind nodeset="/data/people/pp/face" type="binary"/>
<bind nodeset="/data/people/pp/inner" svidok:start="0"/>
<bind nodeset="/data/people/pp/inner/detail" type="string"/>
<bind nodeset="/data/counted/what" type="string"/>
<bind nodeset="/data/acts/ev" svidok:start="0"/>
<bind nodeset="/data/acts/ev/told" type="string"/>
<bind nodeset="/data/acts/ev/ev_refs" type="string"/>
"""


def entries_form() -> bytes:
    """The form as an XForm."""
    return f"""<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa" xmlns:svidok="urn:svidok:form:1">
<h:head><h:title>Entries</h:title><model><instance><data id="entries" version="1">
<head><note_of/><amount/><twice/></head>
<people><pp><full/><kind/><unit_no/><face/><inner><detail/></inner></pp></people>
<counted><what/></counted>
<acts><ev><told/><ev_refs/></ev></acts>
</data></instance>{_BINDS}</model></h:head>
<h:body>
<group ref="/data/head"><label>Head</label>
<input ref="/data/head/note_of"><label>Note</label></input>
<input ref="/data/head/amount"><label>How many</label></input></group>
<group ref="/data/people"><label>People</label>
<group ref="/data/people/pp"><label>Person</label><repeat nodeset="/data/people/pp">
<input ref="/data/people/pp/full"><label>Full name</label></input>
<select1 ref="/data/people/pp/kind"><label>Kind</label>
<item><label>Man</label><value>man</value></item><item><label>Unit</label><value>unit</value></item></select1>
<input ref="/data/people/pp/unit_no"><label>Unit number</label></input>
<upload ref="/data/people/pp/face" mediatype="image/*"><label>Face</label></upload>
<group ref="/data/people/pp/inner"><label>Detail</label><repeat nodeset="/data/people/pp/inner">
<input ref="/data/people/pp/inner/detail"><label>Detail</label></input></repeat></group>
</repeat></group></group>
<group ref="/data/counted"><label>Counted</label><repeat nodeset="/data/counted" jr:count="/data/head/amount"
 jr:noAddRemove="true()"><input ref="/data/counted/what"><label>What</label></input></repeat></group>
<group ref="/data/acts"><label>Acts</label>
<group ref="/data/acts/ev"><label>Act</label><repeat nodeset="/data/acts/ev">
<input ref="/data/acts/ev/told"><label>What happened</label></input>
<input ref="/data/acts/ev/ev_refs"><label>Who did it</label></input></repeat></group></group>
</h:body></h:html>
""".encode()
