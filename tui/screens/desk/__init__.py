"""The screens of the desk: what arrived, what stands in quarantine, search, records, enrolment, missions."""
