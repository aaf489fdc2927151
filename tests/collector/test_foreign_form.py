"""A form that was made for another tool: no record code, no sections, no marks."""

from __future__ import annotations

from collector.packs import FormSource
from schemas.xform import parse_form
from schemas.xlsform import to_xform
from tests.helpers import mission
from tests.helpers.mission import Office

SHEET = b"""
| survey |
| | type         | name | label |
| | text         | name | Name? |
| | begin_repeat | kids | Children |
| | integer      | age  | Age? |
| | end_repeat   |      |       |
| settings |
| | form_id | version |
| | plain   | 1       |
"""


def test_an_interview_is_taken_and_sealed_on_it(tmp_path):
    xml = to_xform(SHEET, ".md").xml
    form = parse_form(xml)
    office = Office(forms=[FormSource(form.id, form.version, xml)], seed=b"foreign")
    field = mission.new_field(tmp_path / "home")
    request, _fingerprint = field.request()
    field.accept_pack(office.pack_for(request), office.fingerprint)
    interview = field.new_interview("plain")
    interview.answer(("name",), "Olena")
    entry, _changes = interview.add_entry(("kids",))
    interview.answer((*entry, "age"), 4)
    code = interview.code
    interview.close()
    again = field.open_interview(code)
    assert again.session.value(("name",)) == "Olena"
    again.close()
    assert field.seal(code).eid
    field.close()
