"""Tool reports -> metrics: JUnit, Cobertura, LCOV, SARIF, CycloneDX, SPDX (domain 9, "Metrics from reports").

Pure: bytes in, a typed result out, one module a format. What cannot be taken raises one `InvalidInput`,
which names the file and what it is instead. Nothing is guessed in favour of who is judged: a report that
is cut off, of another kind, or that says that its tool failed, gives no metrics.
"""
