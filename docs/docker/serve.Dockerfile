# Serving: docker build -t tracklab-serve -f docs/docker/serve.Dockerfile . && docker run --rm -p 8080:8080 tracklab-serve openimages
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN pip install --no-cache-dir '/src[export,serve]' && rm -rf /src && useradd --create-home tracklab
USER tracklab
EXPOSE 8080
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health')"]
ENTRYPOINT ["tracklab", "serve", "--host", "0.0.0.0"]
