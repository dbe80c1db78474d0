# docker build -t gpuwatch .        (a two-stage image: nothing of the SDK is in the result)
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN dotnet publish src/GpuWatch/GpuWatch.csproj -c Release -o /publish

FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN groupadd --system --gid 9838 gpuwatch \
 && useradd --system --uid 9838 --gid gpuwatch --home-dir /var/lib/gpuwatch --shell /usr/sbin/nologin gpuwatch \
 && install -d -o gpuwatch -g gpuwatch -m 0750 /var/lib/gpuwatch
COPY --from=build /publish /opt/gpuwatch
# The simulated NVML, which the build makes too, so that the image also runs where no NVIDIA driver is.
COPY --from=build /source/artifacts/native /opt/gpuwatch/native
ENV DOTNET_gcServer=0 DOTNET_EnableDiagnostics=0
USER gpuwatch
WORKDIR /var/lib/gpuwatch
VOLUME /var/lib/gpuwatch
EXPOSE 9838
# No curl in the image: bash opens the connection itself, and a healthy agent answers 200.
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9838 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["/opt/gpuwatch/gpuwatch"]
CMD ["agent"]
