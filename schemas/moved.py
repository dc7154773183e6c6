"""The column ``moved`` of credits: what a correction that names payees changes in who has the sale.

0 for whoever keeps it; positive for whoever has it from now on, negative for whoever has it no more; none on any other
credit. The absolute number is the sum of PERSON and of the units that get the sale or lose it with that credit; one
that has it before and after, as the company always does, is none of them.
"""

PERSON, TEAM, DEPARTMENT = 1, 2, 4
#: In the order of the kinds of unit: team, department, company.
UNIT_BITS = (TEAM, DEPARTMENT, 0)
#: So many bits above those of ``unit_first`` stand those of who came first in a unit before a correction.
BEFORE = 4
