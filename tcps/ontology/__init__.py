"""The store as an RDF graph: its vocabulary, its statements, and how they are asked (ADR 13).

`projection` is pure: records to N-Triples. `engines` and `generations` keep a graph on disk. `guard`,
`binding` and `asking` take a query to `worker`, a process of its own; `answers` are what comes back.
What needs an RDF library imports it when it is used.
"""
