# Real hosts that fork: Puma, gunicorn, Celery, multiprocessing, a fork per job.

.PHONY: test/hosts
test/hosts: lib | $(BOOTSTRAP_TEST) ## Web servers and job servers that fork, with N requests or jobs each (N=200)
	@HOSTS_N=$(if $(filter file,$(origin N)),200,$(N)) go test -count=1 -timeout=60m -v ./tests/hosts | sed -u -e '/^=== /d'
