"""``engine="flower"``: federated learning over hosts that keep their data, by Flower.

``client_app`` runs on a host, ``server_app`` beside the SuperLink; ``federation`` is all of them on
this machine. Only names, numbers and arrays travel: no pickle, no code. No door: each side imports
the little that it needs.
"""
