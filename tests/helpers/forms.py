"""A small form for tests that are not about forms: consent, an account, a repeat, a name, files.

setting/record_code        calculate   process, auto
setting/place              text        process, staff, answer is due
consent/consent_interview  yes or no   process, read, blocks
consent/consent_audio      yes or no   process, read
account/story              text        narrative, ask, answer is due, shown when consent_interview is yes
account/age                integer     narrative, code, from 0 to 120
account/event[n]/what      text        narrative, ask, a repeat that starts empty
account/event[n]/photo     file        identity
account/audio              file        identity, shown when consent_audio is yes
person/full_name           text        identity, ask
closing/consent_again      yes or no   process, blocks
"""

from __future__ import annotations

from schemas.session_types import Path

PLACE: Path = ("setting", "place")
CODE: Path = ("setting", "record_code")
CONSENT: Path = ("consent", "consent_interview")
CONSENT_AUDIO: Path = ("consent", "consent_audio")
STORY: Path = ("account", "story")
AGE: Path = ("account", "age")
EVENT: Path = ("account", "event")
AUDIO: Path = ("account", "audio")
NAME: Path = ("person", "full_name")
AGAIN: Path = ("closing", "consent_again")

_BINDS = """
<bind nodeset="/data/setting" svidok:compartment="process"/>
<bind nodeset="/data/consent" svidok:compartment="process" svidok:mode="read"/>
<bind nodeset="/data/closing" svidok:compartment="process"/>
<bind nodeset="/data/person" svidok:compartment="identity"/>
<bind nodeset="/data/setting/record_code" type="string" calculate="once('')" svidok:mode="auto"/>
<bind nodeset="/data/setting/place" type="string" svidok:mode="staff" svidok:required="answer"/>
<bind nodeset="/data/consent/consent_interview" type="string" svidok:required="block" svidok:reserved="no"/>
<bind nodeset="/data/consent/consent_audio" type="string"/>
<bind nodeset="/data/account" relevant="/data/consent/consent_interview = 'yes'" svidok:compartment="narrative"/>
<bind nodeset="/data/account/story" type="string" svidok:required="answer"/>
<bind nodeset="/data/account/age" type="int" constraint=". &gt;= 0 and . &lt;= 120" svidok:mode="code"/>
<bind nodeset="/data/account/event/what" type="string"/>
<bind nodeset="/data/account/event" svidok:start="0"/>
<bind nodeset="/data/account/event/photo" type="binary" svidok:compartment="identity"/>
<bind nodeset="/data/account/audio" type="binary" relevant="/data/consent/consent_audio = 'yes'"
  svidok:compartment="identity"/>
<bind nodeset="/data/person/full_name" type="string"/>
<bind nodeset="/data/closing/consent_again" type="string" svidok:required="block"/>
"""

_YES_NO = "<item><label>Yes</label><value>yes</value></item><item><label>No</label><value>no</value></item>"


def small_form(version: str = "1") -> bytes:
    """The form as an XForm; every version has other bytes and the same questions."""
    return f"""<?xml version="1.0"?>
<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa" xmlns:svidok="urn:svidok:form:1">
<h:head><h:title>Small</h:title><model><instance><data id="small" version="{version}">
<setting><record_code/><place/></setting>
<consent><consent_interview/><consent_audio/></consent>
<account><story/><age/><event><what/><photo/></event><audio/></account>
<person><full_name/></person><closing><consent_again/></closing>
</data></instance>{_BINDS}</model></h:head>
<h:body>
<group ref="/data/setting"><label>Setting</label><input ref="/data/setting/place"><label>Place</label></input></group>
<group ref="/data/consent"><label>Consent</label>
<select1 ref="/data/consent/consent_interview"><label>Do you agree?</label>{_YES_NO}</select1>
<select1 ref="/data/consent/consent_audio"><label>May we record?</label>{_YES_NO}</select1></group>
<group ref="/data/account"><label>Account</label>
<input ref="/data/account/story"><label>What happened?</label></input>
<input ref="/data/account/age"><label>Age</label></input>
<group ref="/data/account/event"><label>Event</label><repeat nodeset="/data/account/event">
<input ref="/data/account/event/what"><label>What</label></input>
<upload ref="/data/account/event/photo" mediatype="image/*"><label>Photo</label></upload></repeat></group>
<upload ref="/data/account/audio" mediatype="audio/*"><label>Recording</label></upload></group>
<group ref="/data/person"><label>Person</label>
<input ref="/data/person/full_name"><label>Name</label></input></group>
<group ref="/data/closing"><label>Closing</label>
<select1 ref="/data/closing/consent_again"><label>Still agreed?</label>{_YES_NO}</select1></group>
</h:body></h:html>
""".encode()
