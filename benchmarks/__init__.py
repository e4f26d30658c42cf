"""Time this engine beside PyTorch, and beside other engines where that is natural: ``python -m benchmarks --help``.

- ``__main__.py``: the command: starts one process for each setting, then reports what they wrote
- ``machine.py``: the environment of such a process, and what is said about the machine
- ``libraries.py``: what a program is written against: ours or PyTorch
- ``case.py``: a case, the programs that it makes, and whether their values agree
- ``timing.py``: programs timed in turns
- ``child.py``: all cases of some groups, in one process
- ``groups/``: the cases, a family a file, with the ratios that are aimed at
- ``networks.py``: the networks, each written once for both libraries
- ``peers/``: the same workloads for JAX, HIPS autograd and MyGrad
- ``startup.py``: time to import and to the first step, and peak memory: each in a process of its own
- ``report.py``: tables
- ``chart.py``: the picture
"""
