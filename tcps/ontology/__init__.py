"""The store as an RDF graph: its vocabulary, its statements, and how they are asked (ADR 13).

`projection` is pure: records to N-Triples. `vocabulary` knows the terms. The rest keeps the graph
on disk and answers queries; what needs an RDF library imports it when it is used.
"""
