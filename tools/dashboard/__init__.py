"""The picture of the deployed dashboard in the docs: `python -m tools.dashboard FILE`.

1. `story` runs a sandbox for two minutes, with orders and faults, and draws what was measured.
2. `measurements` reads the metrics, from the functions' logs and from AWS.
3. `charts` puts a dashboard's widgets and the measurements together.
4. `drawing` writes the charts as SVG.
"""
