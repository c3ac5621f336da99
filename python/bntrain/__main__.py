"""`python -m bntrain`: the program."""

import os
import sys

from bntrain import program

os.execv(program(), ["bntrain", *sys.argv[1:]])
