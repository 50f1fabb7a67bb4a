"""The order of things. Read this first.

    fetch     sources are asked -> dumps in the inbox                     where there are automatic sources
    ingest    read_listing -> diff -> store.record                        a dump becomes papers and sightings
    publish   trends -> rank -> compose -> letter -> store.enqueue_all    papers become editions, letters and outbox
    hold      the editor sees what was made, and may stop or amend it     where there is an editor
    deliver   letter -> build_message -> transport.send                   the outbox becomes mail

The phases hand over through the store alone, so each may be run by hand, be killed at any point and be run again.
Feeds and pages are written from the same frozen editions as the mails. `now` is always a parameter. The phases are in
the modules of their names, all of them together in `run`; who needs one imports it from there, and does not wait for
the libraries of the others.
"""
